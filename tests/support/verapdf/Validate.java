import java.io.FileInputStream;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

/** Validates each file by the profile it declares; prints `name profile compliant` or each rule that is broken. */
public class Validate {
    public static void main(String[] files) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        for (String file : files) {
            try (PDFAParser parser = Foundries.defaultInstance().createParser(new FileInputStream(file))) {
                ValidationResult result =
                    Foundries.defaultInstance().createValidator(parser.getFlavour(), false).validate(parser);
                System.out.println(file + " " + parser.getFlavour() + (result.isCompliant() ? " compliant" : " broken"));
                for (TestAssertion each : result.getTestAssertions()) {
                    System.out.println(file + " " + each.getRuleId() + " " + each.getMessage());
                }
            }
        }
    }
}
